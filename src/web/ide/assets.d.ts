/** Style sheets and worker set-ups are imported for what they do. */
declare module 'graphiql/style.css';
