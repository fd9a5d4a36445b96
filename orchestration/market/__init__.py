"""What TAO cost in US dollars: exchange candles, as files or an address give them."""
