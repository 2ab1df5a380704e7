"""Exported dataset repositories: folders for the Hugging Face Hub, publishing them, and loading them back."""
