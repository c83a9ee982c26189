"""The ground floor: pure functions over bytes and text. No Flask, no database, no clock."""
