"""The salesperson's first page: what is due, who engaged, who lies fallow."""
