"""Strangers of the record: witnesses, folders, files of keys."""
