"""The phone lane: what a phone opens when somebody scans a facing, from product to receipt, without script.

One page, one file: `routes(lane) -> list[BaseRoute]`, named in `fleet.web.shop.table`. What all share is in `lane`, what
a page shows is worked out by its `*_view` as plain values.
"""
