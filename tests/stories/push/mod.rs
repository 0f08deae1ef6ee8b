//! Notifications by push: alice writes, and bob's phone, which looks elsewhere, is told.

mod preferences;
mod reading;
mod service;
mod subscriptions;
mod telling;
mod trouble;
