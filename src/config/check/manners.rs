//! `[[host]]`: manners towards single hosts.

use std::collections::BTreeSet;

use url::Url;

use super::{
    super::raw::{At, RawHost},
    Checker,
};
use crate::{
    model::{FeedLocation, HostKey},
    poll::{HostManners, hosts},
};

impl Checker<'_> {
    pub(super) fn hosts(&mut self, raws: &[At<RawHost>]) -> Vec<HostManners> {
        let mut known = BTreeSet::new();
        let mut hosts = Vec::new();
        for raw in raws {
            let Some(name) = self.host_name(raw) else { continue };
            if !known.insert(name.value.as_str().to_owned()) {
                self.push(name.error(format!("host.name: {} is here for the second time", name.value)));
            }
            let mut in_flight = 0;
            self.number(&mut in_flight, raw.value.in_flight.as_ref());
            if raw.value.gap.is_none() && raw.value.in_flight.is_none() && !self.is_broken {
                self.push(raw.warning("[[host]] without gap and in_flight changes nothing"));
            }
            hosts.push(HostManners {
                name: name.value,
                gap: raw.value.gap.as_ref().map(|gap| gap.value),
                in_flight: (in_flight > 0).then_some(in_flight),
            });
        }
        hosts
    }

    /// The key of the gate that a name means.
    fn host_name(&mut self, raw: &At<RawHost>) -> Option<At<HostKey>> {
        let Some(name) = &raw.value.name else {
            if !self.is_broken {
                self.push(raw.error("[[host]] without name").help(r#"name = "example.org""#));
            }
            return None;
        };
        let alone = !name.value.contains(['/', '@', '?', '#']);
        match Url::parse(&format!("http://{}", name.value)) {
            Ok(url) if alone && url.host_str().is_some() => {
                Some(name.with(hosts::key(&FeedLocation::Http(url))))
            }
            _ => {
                let problem = name.error(format!("host.name: {:?} is not a host name", name.value));
                self.push(problem.help(r#"the name alone, as in "reddit.com" or "127.0.0.1:8000""#));
                None
            }
        }
    }
}
