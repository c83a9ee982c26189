"""The parts of the extension in applications that are not the console."""
