"""Prompts: the model inputs of a task over examples, the same bytes wherever they are made, from templates that are data.

The templates shipped are our own. A benchmark's words are shipped only where its licence lets them be: LaMP's are not (its
code and prompts are CC BY-NC-SA 4.0, which this package cannot pass on), nor those of PersonaMem, whose repository states no
licence that we found. Who may use them writes a template file; its hash stands in the manifest of what it makes.
"""
