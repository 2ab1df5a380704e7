"""The canonical schema: record kinds, their columns and Arrow types, and the JSON Schemas of every document."""
