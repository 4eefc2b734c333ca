"""The fleet's pages: server-rendered, our own CSS, no request to anybody else."""
