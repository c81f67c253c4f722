"""Knowledge that is fetched from the sources a user lists, checked, and kept so that it can be taken back."""
