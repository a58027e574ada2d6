//! Arguments to one of the faces.
