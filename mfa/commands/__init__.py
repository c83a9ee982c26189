"""The operator's commands, a file a noun: ``flask --app app NOUN VERB``."""
