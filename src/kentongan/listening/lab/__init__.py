"""The lab: the product's steps on a file of texts, without a database. Rows come and go in batches, in their order."""
