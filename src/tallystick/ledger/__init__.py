"""The books: balances are true here or nowhere."""
