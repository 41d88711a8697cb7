//! feedwatch watches news feeds for topics: a scheduler polls RSS, Atom and JSON feeds, a matcher flags the articles
//! that mention a watched topic, notifiers log them or post them to a webhook.
//!
//! # The way of an article
//!
//! ```text
//!  config ─▶ Feed, Topic, Notifier                    (checked once, then plain data)
//!
//!  poll/      claims a due host ─▶ conditional GET ─▶ bytes + validators
//!  read/      bytes ─▶ decode ─▶ walk ─▶ extract ─▶ [Article]
//!  pipeline   [Article] ─▶ which are new? ─▶ matcher ─▶ [Alert] ─▶ render ─▶ bytes per notifier
//!  poll/      + the time of the next poll = one record
//!  store/     ONE transaction per poll: articles + alerts + one delivery per (alert, notifier)
//!                                       + validators + next poll
//!  notify/    claims due deliveries ─▶ sends the bytes once ─▶ delivered | retry at | dead
//!  cli/       status, alerts: read the store
//! ```
//!
//! One word per idea, the same in code, configuration, SQL, logs and documents:
//! `Feed → Poll → Article → Mention → Alert → Delivery`.
//!
//! # The map
//!
//! | room | is for | uses |
//! |---|---|---|
//! | [`cli`] | one small file per command | all |
//! | [`app`] | the only place that knows every concrete type; start, stop, reload | all below |
//! | [`config`] | TOML ─▶ checked settings, all problems at once | settings of all rooms |
//! | [`telemetry`] | log lines | |
//! | [`web`] | what a browser, a scraper or a health check asks for | `store` |
//! | [`poll`] | when to ask, how to ask: scheduler, hosts, fetch | `pipeline`, `store`, `http` |
//! | [`notify`] | dispatcher, retry, webhook, signature | `render`, `store`, `http` |
//! | [`pipeline`] | one fetched body becomes one record | `read`, `matcher`, `render`, `store` |
//! | [`read`] | bytes ─▶ articles. Pure | |
//! | [`matcher`] | article ─▶ mentions. Pure | |
//! | [`render`] | alert ─▶ the bytes a receiver gets. Pure | |
//! | [`store`] | the [`store::Store`] trait, SQLite and PostgreSQL behind it; the only place with SQL | |
//! | [`http`] | the one way to build a client: address guard, capped bodies | |
//! | [`metrics`], [`pulse`] | what rooms count, and whether loops beat; handed to them, never global | |
//! | [`model`], [`secret`], [`clock`] | plain data, values that never show themselves, the time | |
//!
//! Arrows only go down; `tests/it/architecture.rs` keeps it so.
//!
//! # Invariants
//!
//! - Pure rooms never see tokio, the clock, the network or the database.
//! - Validators are stored in the same transaction as the articles and alerts of the same body. Stored earlier, a
//!   crash would hide articles for ever behind a 304.
//! - Nobody is told (log line, send, next request) of what is not committed.
//! - No HTTP while a transaction is open. No lock held across an await.
//! - Work is claimed with a lease (owner, epoch, until); a crash means "done again", never "lost".
//! - Every queue, body, list, depth and wait has a limit with a name.
//! - One feed's trouble is that feed's trouble; one notifier's trouble never delays another.
//! - Text from a feed is hostile: cleaned once when read, escaped per destination. URLs from a feed are never fetched
//!   without the address guard.
//! - Secrets, webhook URLs among them, appear in no log, page, metric, error or database row.
//! - Nothing is disabled silently: what needs a person is logged once and shown in `status`.
//! - A private address is reached only if the operator named it; link-local never.
//!
//! # Decisions
//!
//! **The log is a notifier like any other.** An alert for the log is a delivery: stored, claimed, sent, marked. So a
//! log line appears exactly for what is on disk, is shown by `alerts`, and costs one commit more than printing at once.
//! Printing from the pipeline was tried on paper: a crash between commit and print loses the line for ever.
//!
//! **Time comes from the store.** A claim tells the time, and the poller adds what its monotonic clock measured since.
//! So an instance whose clock is wrong plans nothing wrong, and a database shared by several has one time.
//!
//! **A claim records the attempt.** Handing a feed out moves its next poll behind its own wait in the same transaction:
//! a crash loop sends one request per feed and interval. Recording the attempt on its own would cost a commit per poll.
//!
//! **Feeds are read by a reader of our own.** The plan was a pass that repairs a document in front of feed-rs. But what
//! that pass must know to write a document that feed-rs takes (which element is what, in which namespace, where it ends
//! though its end tag is missing) is all there is to know, and writing it anew to have it parsed again cost as much as
//! reading it, hid what feed-rs drops, and left its panics to be dodged one by one. So `read` finds the elements where
//! they stand (`walk`), says what each is (`vocabulary`) and takes them as they are (`extract`). Nothing in it is
//! recursive, nothing can fail, an article cannot cost another one, and it takes 1.0 to 1.3 times the processor time of
//! plain feed-rs on sound feeds (`cargo bench --bench reading`), cleaning of text and identity included.
//!
//! **That an end tag is missing is found out late.** An element without end is noticed when something comes that cannot
//! stand in it; then the document is read again from where it must have ended, within a budget, so the time stays
//! linear. Closing at the first suspicious tag instead would tear texts that hold markup of their own.
//!
//! **A host is a task only while it has work.** A claimed host polls its due feeds and is given back with the pause it
//! is owed; there is no task, timer or memory for an idle feed. The gate of a host is the row that the lease is on,
//! so several instances share it without talking.
//!
//! **What a feed is remembered by is one value.** Hints, redirects, how validators work, the last gap: `poll` reads and
//! writes it as a whole ([`model::PollMemory`]), the store keeps it as one column of JSON. No statement asks for its parts,
//! and a rule more is no migration. What statements ask for (next poll, Retry-After, a host's gate) has columns.
//!
//! **A redirect visits the other host.** Its gate there is the same row that the lease is on, taken for one request. It
//! waits for half a minute, then the poll ends without being a failure: two polls that wait for each other's host never
//! wait for ever. Holding no gate at redirects was tried on paper: fifty feeds that all lead to one host then ask it at once.
//!
//! **One price for every poll.** A poll costs so many seconds of an article's delay, the same for all feeds; each feed goes
//! when waiting longer would cost more than it saves, given what is learned of its rate, its hours and its minutes. The price
//! is the closed form of the square-root law (Sia, Cho et al.) over all feeds, trimmed until the polls of a day are the
//! budget, so what floors and hints prevent is spent elsewhere. The cost of what follows a poll is `λ·T/2 + price/T` a
//! second rather than `λ·T`: at the floor, where most articles are, that is 8.3 instead of 9.0 minutes of mean delay. The
//! sums that the price needs are one row, changed by each poll's own transaction: several instances share them. A window
//! about to overflow ends a wait. Weekdays and the rate of the last hour gained nothing.
//!
//! **Counting is a handle that is handed on.** `metrics` and `pulse` are two low rooms that `poll`, `pipeline`, `notify` and
//! `store` may use: each counts, or beats, at the place where the thing happens, and `web` and the watchdog look at it. A
//! global recorder would have spared the parameter, and cost every test its own numbers. What is true at the moment of a
//! scrape (states of feeds, queues) is read from the store, by the same judgement that `status` uses.
//!
//! **Many events are told together, and the store decides.** When the network is down, every feed fails. An event of a poll
//! is recorded in the poll's transaction, which sees how many of its kind came within the hour: five are told one by one, of
//! the rest one message says so, and each feed remembers how it was told, so that its recovery is told in the same way. A
//! counter in memory would tell five more after each restart, and five for each instance; waiting for a while to group what
//! comes together, as alert managers do, fails because feeds are asked hours apart.
//!
//! **Two stores, one suite.** The SQL is written twice, by hand: one writer with a file does not claim as many do with a
//! server, and what a query builder has for both is what neither is good at. What is one is the trait, each method of which
//! is a transaction, and `tests/it/store.rs`, which asks the same of both. The time of PostgreSQL is a function of the
//! schema (`feedwatch_now`); a test puts its own clock in the place of it, so the program has no switch for tests.
//!
//! **A result is fenced by a row, not by a lock.** Who records a poll locks the row of the host and finds its own owner and
//! epoch in it, or nothing; who claims skips locked rows. So no transaction is open over HTTP, a process that slept past its
//! lease writes nothing, and a server that forgets its sessions forgets nothing that counts. Advisory locks were the other
//! way: a pooler loses them, and some who speak the protocol take them for no-ops.
//!
//! **Sums are kept in parts.** Every poll changes what all feeds are together. As one row, that made polls wait for each
//! other's commit; 32 rows that are added up when they are read do not meet.
//!
//! **A store is picked once, by an enum.** [`app`] asks whichever it is. Being generic from `main` down would compile the
//! daemon twice, and a trait object has no futures. Futures of the server's are boxed there: they are large, and a task that
//! waits for a publisher should not carry them.
//!
//! **A move is all or nothing.** `migrate` fills a database in one transaction and counts before it commits. Something that
//! can be taken up again half-way would need a place to remember where it was, in a database whose only sound states are
//! empty and whole; a million articles take a minute.
//!
//! **What hangs stands aside.** A request without an answer costs a socket and nothing else, so after three seconds it gives
//! its slot to the next one. With slots alone, 16 hosts that hang stop everybody for the length of the timeout.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod http;
pub mod matcher;
pub mod metrics;
pub mod model;
pub mod notify;
pub mod pipeline;
pub mod poll;
pub mod pulse;
pub mod read;
pub mod render;
pub mod secret;
pub mod store;
pub mod telemetry;
pub mod web;
