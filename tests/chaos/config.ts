/** What a process of ours needs of the machine; nothing else of the environment reaches it. */
export const machineVariables = { PATH: process.env['PATH'], HOME: process.env['HOME'] }

/** The pipe to whoever started this run, where there is one. */
export const parentDescriptor = process.env['CALLWIRE_PARENT_FD']
