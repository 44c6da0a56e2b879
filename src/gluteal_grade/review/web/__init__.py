"""The review app: pages, their data, and who may ask for them."""
