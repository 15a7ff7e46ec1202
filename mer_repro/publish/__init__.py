"""From executed notebooks to the book: pages, links, exports, and the layout of a further paper."""
