"""The wallet's pages, one file for each errand, and the address from which shares are served."""
