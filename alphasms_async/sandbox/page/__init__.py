"""The page in the browser, and the JSON it lives on: what a person sees and does at the desk."""
