"""``python -m benchmarks``. Every process of a run imports this file: it must stay as good as empty."""

if __name__ == "__main__":
    from benchmarks.command import main

    main()
