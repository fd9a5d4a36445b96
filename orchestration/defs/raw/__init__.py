"""Raw tables: bytes as the chain said them."""
