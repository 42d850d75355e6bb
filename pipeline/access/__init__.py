"""Who may open and do what: keyed tokens, links, browsers that are known, codes, forms not yet sent."""
