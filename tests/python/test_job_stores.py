"""Every job store that outlives its process keeps the contract."""

from __future__ import annotations

from job_store_contract import JobStoreContract


class TestJobStores(JobStoreContract):
    """Of each row in job_stores.py."""
