"""The way in: sign-up, sign-in by password, the forgotten password; and the tabs Profile and Password."""
