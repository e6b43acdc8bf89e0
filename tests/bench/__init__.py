"""`./run bench`: the product's big jobs beside plain SQL that does the same, and its pages, on made-up customers."""
