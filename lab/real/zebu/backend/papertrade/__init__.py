"""PaperTrade: practise trading stocks."""
