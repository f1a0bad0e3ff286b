"""The methods of the client. Written by ``make client`` from the routes."""
