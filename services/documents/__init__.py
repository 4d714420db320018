"""Documents on paper and as workbooks: plain data goes in, bytes come out; seals tell whether paper and record agree."""
