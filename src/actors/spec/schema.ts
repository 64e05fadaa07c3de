/** The schema library, zod, as the files of this folder use it. */
export { z } from 'zod';
