"""Read pages: what Meta shows of a chat to people goes in, a part of a thread comes out."""
