"""Who uses the phone and which packages it has, put together from lists and dumps."""
