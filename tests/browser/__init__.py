"""Tests of the pages in a browser: a package, so that its platforms and its Chromium end with its last test."""
