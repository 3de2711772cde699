// Tests of reading the server's lines.
import MentalMuseClient
import Testing
