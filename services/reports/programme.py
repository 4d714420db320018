def figures_of(resource): return {}
