/** The runtime's door. */
export {};
