"""Where APScheduler 3 has its job store for RethinkDB, which duetime lacks: importing this says so."""

raise ModuleNotFoundError(
    "duetime has no job store for RethinkDB. Expected one of duetime.jobstores.postgresql, mongodb, redis, etcd, "
    "zookeeper or sqlalchemy, which several hosts can share, too; docs/job_stores.md has the reason",
    name="rethinkdb",
)
