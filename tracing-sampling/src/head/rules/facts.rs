//! The properties of a span that rules compare, each looked up once.

use std::cell::OnceCell;

use tracing_core_lite::sampling::{AttributeValue, SamplingInput};

const ROUTE: &str = "http.route";
const PATH: &str = "url.path";
const METHOD: &str = "http.request.method";
const RPC_METHOD: &str = "rpc.method";

/// The properties of a span that several rules may ask for. Each is looked up when a rule first asks for it.
pub(super) struct Facts<'a> {
    pub(super) input: &'a SamplingInput<'a>,
    route: OnceCell<Option<AttributeValue<'a>>>,
    path: OnceCell<Option<AttributeValue<'a>>>,
    method: OnceCell<Option<AttributeValue<'a>>>,
}

impl<'a> Facts<'a> {
    #[inline]
    pub(super) fn new(input: &'a SamplingInput<'a>) -> Self {
        Self { input, route: OnceCell::new(), path: OnceCell::new(), method: OnceCell::new() }
    }

    #[inline]
    pub(super) fn route(&self) -> Option<&str> {
        self.route.get_or_init(|| self.input.attribute(ROUTE)).as_ref()?.as_str()
    }

    #[inline]
    pub(super) fn path(&self) -> Option<&str> {
        self.path.get_or_init(|| self.input.attribute(PATH)).as_ref()?.as_str()
    }

    #[inline]
    pub(super) fn method(&self) -> Option<&str> {
        let find = || self.input.attribute(METHOD).or_else(|| self.input.attribute(RPC_METHOD));
        self.method.get_or_init(find).as_ref()?.as_str()
    }
}
