-- What a book is for. Nobody is asked for it, so the release before goes on as it was.
ALTER TABLE ledger.ledger ADD COLUMN purpose text;
