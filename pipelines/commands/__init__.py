"""The commands of `manyo`, one file each."""
