// Stand-ins for the services themselves, made from their public references. They know nothing of the clients beside them.
export { kmsStandIn, type KmsStandIn } from './kms-stand-in.ts'
export { vaultStandIn, type VaultStandIn } from './vault-stand-in.ts'
