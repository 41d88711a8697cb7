//! What the tests of this room share: receivers on loopback, and a store with alerts in it.

pub(crate) mod receiver;
pub(crate) mod store;
