import { keepBuffersYoung, run } from '@callwire/runtime'
import { environment } from './config.ts'
import { createTranscriber } from './context.ts'

keepBuffersYoung()
await run('transcriber', (life) => createTranscriber(environment(), life))
