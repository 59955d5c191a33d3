import { z } from 'zod'
import { success } from '../envelope.ts'
import { idSchemas } from '../ids.ts'
import { permissions, permissionSchema, roleSchema } from '../role.ts'
import { plainText } from './text.ts'

/** As browsers accept it in a form: `admin@localhost` is one. */
export const emailSchema = z.email({ pattern: z.regexes.html5Email }).max(254).toLowerCase()
/** NIST SP 800-63B: length is what counts; no composition rules. */
export const newPasswordSchema = z.string().min(12).max(256)

export const loginBody = z.strictObject({
  email: emailSchema,
  password: z.string().min(1).max(256),
})
export const refreshBody = z.strictObject({ refreshToken: z.string().min(1).max(256) })
export const passwordBody = z.strictObject({
  currentPassword: z.string().min(1).max(256),
  newPassword: newPasswordSchema,
})

export const sessionUserSchema = z.strictObject({
  id: idSchemas.user,
  email: z.string(),
  role: roleSchema,
  tenantId: idSchemas.tenant,
})
export const sessionReply = success({
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresIn: z.int(),
  user: sessionUserSchema,
})

export const userSchema = z.strictObject({
  id: idSchemas.user,
  email: z.string(),
  role: roleSchema,
  status: z.enum(['active', 'disabled']),
  createdAt: z.iso.datetime(),
  lastLoginAt: z.iso.datetime().nullable(),
})
export type User = z.infer<typeof userSchema>
/** A person just added: the one time the password is shown. It must be changed at first sign-in. */
export const createdUserSchema = userSchema.extend({ password: z.string() })
export const createUserBody = z.strictObject({ email: emailSchema, role: roleSchema })
export const patchUserBody = z.strictObject({
  role: roleSchema.optional(),
  status: z.enum(['active', 'disabled']).optional(),
})

export const apiKeySchema = z.strictObject({
  id: idSchemas.apiKey,
  name: z.string(),
  scopes: z.array(permissionSchema),
  hint: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})
export type ApiKey = z.infer<typeof apiKeySchema>
/** A key just made: the one time its secret is shown. */
export const createdApiKeySchema = apiKeySchema.extend({ secret: z.string() })
export const createApiKeyBody = z.strictObject({
  name: plainText(100),
  scopes: z.array(permissionSchema).min(1).max(permissions.length),
})

export const ticketReply = success({ ticket: z.string(), expiresIn: z.literal(60) })
export const ingestTokenBody = z.union([
  z.strictObject({ phoneId: idSchemas.phone }),
  z.strictObject({ callId: idSchemas.call }),
])
export const ingestTokenReply = success({
  ingestToken: z.strictObject({ token: z.string(), url: z.string(), expiresAt: z.iso.datetime() }),
})
