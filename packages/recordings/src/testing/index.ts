export { bytesOf } from './call-audio.ts'
export { brokenStore, memoryStore, type MemoryStore } from './memory-store.ts'
export { s3StandIn, type S3StandIn } from './s3-stand-in.ts'
