// Style sheets that modules import, which the build takes in.
declare module "*.css";
