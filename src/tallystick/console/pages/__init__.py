"""What each page shows and does: one module for a group of pages."""
