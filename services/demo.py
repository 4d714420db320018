def is_demo(session): return False
