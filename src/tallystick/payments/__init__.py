"""Payments: orders to move money, checked, booked and reported back."""
