"""Words the made-up company is filled with: people of many places, towns by area code, jobs of a clinic group."""

from __future__ import annotations

FIRST_LAST: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "Emma",
            "Liam",
            "Olivia",
            "Noah",
            "Grace",
            "Ethan",
            "Hannah",
            "Caleb",
            "Megan",
            "Tyler",
            "Rachel",
            "Derek",
        ),
        (
            "Johnson",
            "Miller",
            "Anderson",
            "Clark",
            "Wright",
            "Peterson",
            "Hughes",
            "Olson",
            "Baker",
            "Reed",
            "Sullivan",
        ),
    ),
    (
        ("Sofía", "Mateo", "Valentina", "Diego", "Camila", "José", "Lucía", "Andrés", "Ximena", "Rafael"),
        ("García", "Hernández", "Martínez", "Rodríguez", "Peña", "Castillo", "Delgado", "Muñoz", "Vega"),
    ),
    (
        ("Amara", "Chidi", "Ngozi", "Emeka", "Mira", "Tunde", "Zainab", "Kwame", "Abena", "Yaw"),
        ("Okafor", "Adeyemi", "Mensah", "Nwosu", "Boateng", "Eze", "Balogun", "Owusu"),
    ),
    (
        ("Priya", "Arjun", "Ananya", "Rohan", "Kavya", "Vikram", "Meera", "Sanjay", "Neha", "Aditya"),
        ("Sharma", "Patel", "Iyer", "Reddy", "Kapoor", "Nair", "Banerjee", "Singh"),
    ),
    (
        ("Wei", "Mei", "Jun", "Li Na", "Hao", "Xiu", "Minh", "Linh", "Thanh", "Huong"),
        ("Chen", "Wang", "Zhang", "Liu", "Nguyen", "Tran", "Le", "Pham"),
    ),
    (
        ("Yuki", "Haruto", "Sakura", "Kenji", "Min-jun", "Seo-yeon", "Ji-woo", "Hana"),
        ("Tanaka", "Sato", "Watanabe", "Kim", "Park", "Choi", "Lee"),
    ),
    (
        ("Fatima", "Omar", "Layla", "Yusuf", "Noor", "Hassan", "Amina", "Karim", "Salma"),
        ("Al-Masri", "Haddad", "Rahman", "Khan", "Hussein", "Nasser", "El-Sayed"),
    ),
    (
        ("Anna", "Piotr", "Katarzyna", "Dmitri", "Olena", "Ivan", "Zsófia", "Jakub", "Łukasz", "Elif"),
        ("Kowalski", "Nowak", "Petrov", "Shevchenko", "Horváth", "Novák", "Yılmaz", "Wiśniewska"),
    ),
    (
        ("Siobhán", "Cian", "Freya", "Lars", "Ingrid", "Søren", "Aoife", "Björn", "Elsa", "Mikko"),
        ("O'Brien", "Murphy", "Hansen", "Lindqvist", "Virtanen", "Jørgensen", "McAllister"),
    ),
    (
        ("Keala", "Tiva", "Dakota", "Aiyana", "Malia", "Nashoba", "Leilani"),
        ("Kealoha", "Begay", "Yazzie", "Tsosie", "Kahananui"),
    ),
)

#: Area code -> town. Lines 555-0100 to 555-0199 of each are reserved for fiction.
_TOWNS = """\
218 Duluth, MN;612 Minneapolis, MN;651 St. Paul, MN;507 Rochester, MN;312 Chicago, IL
773 Chicago, IL
630 Naperville, IL;815 Rockford, IL;217 Springfield, IL;414 Milwaukee, WI;608 Madison, WI;920 Green Bay, WI
313 Detroit, MI;616 Grand Rapids, MI;517 Lansing, MI;734 Ann Arbor, MI;906 Marquette, MI;216 Cleveland, OH
614 Columbus, OH;513 Cincinnati, OH;419 Toledo, OH;330 Akron, OH;317 Indianapolis, IN;219 Gary, IN
260 Fort Wayne, IN;502 Louisville, KY;859 Lexington, KY;615 Nashville, TN;901 Memphis, TN;865 Knoxville, TN
423 Chattanooga, TN;205 Birmingham, AL;251 Mobile, AL;256 Huntsville, AL;334 Montgomery, AL;404 Atlanta, GA
770 Marietta, GA;912 Savannah, GA;706 Augusta, GA;305 Miami, FL;407 Orlando, FL;813 Tampa, FL;904 Jacksonville, FL
850 Tallahassee, FL;561 West Palm Beach, FL;239 Fort Myers, FL;803 Columbia, SC;843 Charleston, SC;864 Greenville, SC
704 Charlotte, NC;919 Raleigh, NC;336 Greensboro, NC;910 Fayetteville, NC;804 Richmond, VA;757 Norfolk, VA
540 Roanoke, VA;703 Arlington, VA;202 Washington, DC;301 Bethesda, MD;410 Baltimore, MD;302 Wilmington, DE
215 Philadelphia, PA;412 Pittsburgh, PA;717 Harrisburg, PA;814 Erie, PA;570 Scranton, PA;212 New York, NY
718 Brooklyn, NY;516 Hempstead, NY;914 Yonkers, NY;518 Albany, NY;315 Syracuse, NY;585 Rochester, NY;716 Buffalo, NY
201 Jersey City, NJ;973 Newark, NJ;732 New Brunswick, NJ;609 Trenton, NJ;203 New Haven, CT;860 Hartford, CT
401 Providence, RI;617 Boston, MA;508 Worcester, MA;413 Springfield, MA;603 Manchester, NH;802 Burlington, VT
207 Portland, ME;504 New Orleans, LA;225 Baton Rouge, LA;318 Shreveport, LA;601 Jackson, MS;228 Gulfport, MS
501 Little Rock, AR;479 Fayetteville, AR;314 St. Louis, MO;816 Kansas City, MO;417 Springfield, MO;573 Columbia, MO
913 Overland Park, KS;316 Wichita, KS;785 Topeka, KS;402 Omaha, NE;308 Grand Island, NE;605 Sioux Falls, SD
701 Fargo, ND;515 Des Moines, IA;319 Cedar Rapids, IA;563 Davenport, IA;405 Oklahoma City, OK;918 Tulsa, OK
214 Dallas, TX;817 Fort Worth, TX;713 Houston, TX;281 Sugar Land, TX;210 San Antonio, TX;512 Austin, TX;915 El Paso, TX
806 Lubbock, TX;361 Corpus Christi, TX;505 Albuquerque, NM;575 Las Cruces, NM;303 Denver, CO;719 Colorado Springs, CO
970 Fort Collins, CO;307 Cheyenne, WY;406 Billings, MT;208 Boise, ID;801 Salt Lake City, UT;435 St. George, UT
702 Las Vegas, NV;775 Reno, NV;602 Phoenix, AZ;480 Scottsdale, AZ;520 Tucson, AZ;928 Flagstaff, AZ;206 Seattle, WA
253 Tacoma, WA;509 Spokane, WA;360 Vancouver, WA;503 Portland, OR;541 Eugene, OR;415 San Francisco, CA;510 Oakland, CA
408 San Jose, CA;916 Sacramento, CA;559 Fresno, CA;661 Bakersfield, CA;805 Santa Barbara, CA;213 Los Angeles, CA
310 Santa Monica, CA;562 Long Beach, CA;714 Anaheim, CA;951 Riverside, CA;619 San Diego, CA;907 Anchorage, AK
808 Honolulu, HI"""
TOWNS: dict[str, str] = {pair[:3]: pair[4:] for pair in _TOWNS.replace("\n", ";").split(";")}

#: Title, team, department, place, commitment, workplace, state.
POSTINGS: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("Night Shift RN", "Nursing", "Clinical", "Duluth", "Part-time", "onsite", "published"),
    ("Registered Nurse, Med-Surg", "Nursing", "Clinical", "Chicago", "Full-time", "onsite", "published"),
    ("ICU Nurse", "Nursing", "Clinical", "Phoenix", "Full-time", "onsite", "published"),
    ("Licensed Practical Nurse", "Nursing", "Clinical", "Milwaukee", "Full-time", "onsite", "published"),
    ("Nurse Manager", "Nursing", "Clinical", "Chicago", "Full-time", "onsite", "internal"),
    ("Medical Assistant", "Urgent Care", "Clinical", "Denver", "Full-time", "onsite", "published"),
    (
        "Urgent Care Physician Assistant",
        "Urgent Care",
        "Clinical",
        "Phoenix",
        "Full-time",
        "onsite",
        "published",
    ),
    ("Nurse Practitioner", "Urgent Care", "Clinical", "Atlanta", "Full-time", "hybrid", "published"),
    ("Home Health Aide", "Home Care", "Clinical", "Duluth", "Part-time", "onsite", "published"),
    ("Caregiver, Weekends", "Home Care", "Clinical", "Tampa", "Part-time", "onsite", "published"),
    ("Home Care Coordinator", "Home Care", "Clinical", "Tampa", "Full-time", "hybrid", "published"),
    ("Physical Therapist", "Rehabilitation", "Clinical", "Seattle", "Full-time", "onsite", "published"),
    ("Occupational Therapist", "Rehabilitation", "Clinical", "Denver", "Full-time", "onsite", "published"),
    (
        "Behavioral Health Counselor",
        "Behavioral Health",
        "Clinical",
        "Portland",
        "Full-time",
        "hybrid",
        "published",
    ),
    ("Peer Support Specialist", "Behavioral Health", "Clinical", "Portland", "Part-time", "onsite", "closed"),
    ("Pharmacy Technician", "Pharmacy", "Clinical", "Chicago", "Full-time", "onsite", "published"),
    ("Staff Pharmacist", "Pharmacy", "Clinical", "Milwaukee", "Full-time", "onsite", "published"),
    ("Phlebotomist", "Lab & Imaging", "Clinical", "Atlanta", "Part-time", "onsite", "published"),
    ("Radiology Technologist", "Lab & Imaging", "Clinical", "Phoenix", "Full-time", "onsite", "published"),
    ("Front Desk Associate", "Patient Services", "Operations", "Denver", "Full-time", "onsite", "published"),
    (
        "Patient Access Specialist",
        "Patient Services",
        "Operations",
        "Chicago",
        "Full-time",
        "hybrid",
        "published",
    ),
    (
        "Call Center Representative",
        "Patient Services",
        "Operations",
        "Remote",
        "Full-time",
        "remote",
        "published",
    ),
    ("Medical Coder", "Revenue Cycle", "Operations", "Remote", "Full-time", "remote", "published"),
    ("Billing Analyst", "Revenue Cycle", "Operations", "Chicago", "Full-time", "hybrid", "closed"),
    ("Environmental Services Lead", "Facilities", "Operations", "Duluth", "Full-time", "onsite", "published"),
    ("Patient Transport Driver", "Facilities", "Operations", "Seattle", "Part-time", "onsite", "published"),
    ("Clinical Informatics Analyst", "Technology", "Corporate", "Remote", "Full-time", "remote", "published"),
    (
        "Software Engineer, Scheduling",
        "Technology",
        "Corporate",
        "Chicago",
        "Full-time",
        "hybrid",
        "published",
    ),
    ("Registered Nurse, Community Team", "Nursing", "Clinical", "London", "Full-time", "onsite", "published"),
    ("Recruiting Coordinator", "People", "Corporate", "Chicago", "Full-time", "hybrid", "draft"),
    ("Campus Volunteer", "People", "Corporate", "Duluth", "Part-time", "onsite", "pending"),
    ("Chief Medical Officer", "Executive", "Corporate", "Chicago", "Full-time", "onsite", "published"),
    ("Regional Vice President", "Executive", "Corporate", "Phoenix", "Full-time", "onsite", "internal"),
)
CONFIDENTIAL_POSTINGS = {"Chief Medical Officer", "Regional Vice President"}

#: Name, role in Lever, job title, whether deactivated.
USERS: tuple[tuple[str, str, str, bool], ...] = (
    ("Ana Castillo", "super admin", "Director of Talent", False),
    ("Jonas Rehn", "team member", "Recruiter", False),
    ("Priyanka Rao", "admin", "Recruiting Operations", False),
    ("Marcus Bell", "team member", "Senior Recruiter", False),
    ("Ines Duarte", "team member", "Recruiter", False),
    ("Tomasz Zielinski", "team member", "Sourcer", False),
    ("Helen Cho", "team member", "Nurse Recruiter", False),
    ("Deshawn Brooks", "team member", "Recruiter", False),
    ("Maya Lindgren", "limited team member", "Nurse Manager", False),
    ("Robert Achebe", "limited team member", "Clinic Director", False),
    ("Sarah Whitfield", "limited team member", "Clinic Director", False),
    ("Kenji Mori", "interviewer", "ICU Charge Nurse", False),
    ("Laura Esposito", "interviewer", "Physical Therapy Lead", False),
    ("Daniel Ortega", "interviewer", "Pharmacy Manager", False),
    ("Grace Kimani", "interviewer", "Home Care Supervisor", False),
    ("Peter Novak", "interviewer", "Lab Manager", False),
    ("Fiona Gallagher", "interviewer", "Front Desk Lead", False),
    ("Samir Haddad", "interviewer", "Engineering Manager", False),
    ("Nadia Petrova", "interviewer", "Behavioral Health Lead", False),
    ("Victor Huang", "limited team member", "Finance Director", False),
    ("Leah Stein", "interviewer", "Urgent Care Physician", False),
    ("Gareth Pryce", "limited team member", "UK Operations", False),
    ("Tina Marsh", "team member", "Recruiter", True),
    ("Owen Blake", "team member", "Sourcer", True),
    ("Carla Mendes", "interviewer", "Charge Nurse", True),
)

STAGES: tuple[tuple[str | None, str, str, float, bool], ...] = (
    ("lead-new", "New lead", "lead", 1, False),
    ("lead-reached-out", "Reached out", "lead", 3, False),
    ("lead-responded", "Responded", "lead", 5, False),
    ("applicant-new", "New applicant", "applicant", 101, False),
    (None, "Application review", "applicant", 110, False),
    (None, "Phone screen", "screen", 201, True),
    (None, "Hiring manager interview", "screen", 220, True),
    (None, "Skills assessment", "screen", 230.5, False),
    (None, "Onsite", "onsite", 240, True),
    (None, "Reference check", "onsite", 250, False),
    (None, "Background check", "onsite", 255, False),
    ("offer", "Offer", "offer", 261, False),
)

ARCHIVE_REASONS: tuple[tuple[str, str, str], ...] = (
    ("Hired", "active", "hired"),
    ("Underqualified", "active", "non-hired"),
    ("Unresponsive", "active", "non-hired"),
    ("Withdrew", "active", "non-hired"),
    ("Offer declined", "active", "non-hired"),
    ("Position closed", "active", "non-hired"),
    ("Timing", "active", "non-hired"),
    ("License expired", "active", "non-hired"),
    ("Culture fit", "inactive", "non-hired"),
    ("Hired elsewhere (old)", "inactive", "non-hired"),
)

HEADLINES = (
    "Lakeside Medical Center", "Mercy Hospital", "St. Anne's Care Home", "Bayview Urgent Care", "Northland Pharmacy",
    "County Health Department", "Summit Rehabilitation", "Riverside School of Nursing", "Cedar Home Health", "",
)  # fmt: skip
SOURCES = ("Job site", "Indeed", "LinkedIn", "Referral", "Job fair", "Added manually", "University")
