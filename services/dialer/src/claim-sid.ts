export { claimSid } from '@callwire/ledger'
